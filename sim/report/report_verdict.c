#include "report/report_verdict.h"
#include "record/recorder.h"

#include <math.h>
#include <string.h>

static bool is_status(const struct report_run *run, const char *status)
{
    return run->summary.status && strcmp(run->summary.status, status) == 0;
}

/* A total, 0 where the column is NULL. */
static uint64_t total(uint64_t column)
{
    return column == RECORD_NULL ? 0 : column;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* --- one run: pressure ---------------------------------------------------- */

static void say_levels(const struct report_run *run, struct sentence *to)
{
    char cell[HUMAN_BYTES];
    size_t count = 0, said = 0;
    for (size_t n = 1; n < REPORT_LEVELS; n++)
        count += run->level_ns[n] > 0;
    for (size_t n = 1; n < REPORT_LEVELS; n++) {
        if (run->level_ns[n] == 0)
            continue;
        say(to, "%s%s for %s", list_separator(said++, count),
            report_level_label(n), format_time(cell, run->level_ns[n]));
    }
}

/* Levels that were over before the next sample. */
static void say_brief_levels(const struct report_run *run, struct sentence *to)
{
    char cell[HUMAN_BYTES];
    size_t count = 0, said = 0;
    bool has_others = false;
    for (size_t n = 1; n < REPORT_LEVELS; n++) {
        has_others = has_others || run->level_ns[n] > 0;
        count += run->level_ns[n] == 0 && run->level_times[n] > 0;
    }
    if (count == 0)
        return;
    say(to, "%s", has_others ? ", and between two samples " : "");
    for (size_t n = 1; n < REPORT_LEVELS; n++) {
        if (run->level_ns[n] > 0 || run->level_times[n] == 0)
            continue;
        say(to, "%s%s ", list_separator(said++, count), report_level_label(n));
        if (run->level_times[n] == 1)
            say(to, "once");
        else
            say(to, "%s times", format_count(cell, run->level_times[n]));
    }
    say(to, "%s", has_others ? "" : " between two samples");
}

/* Was any level but normal ever announced? */
static bool ran_low(const struct report_run *run)
{
    for (size_t n = 1; n < REPORT_LEVELS; n++)
        if (run->level_ns[n] > 0 || run->level_times[n] > 0)
            return true;
    return false;
}

static void say_pressure(const struct report_run *run, int64_t end_ns,
                         struct sentence *to)
{
    char whole[HUMAN_BYTES];
    if (!run->has_ticks) {
        say(to, "How full memory was has not been recorded (no ticks)");
    } else if (end_ns <= 0) {
        say(to, "The run took no simulated time, so memory had no time to run "
                "low");
    } else if (!ran_low(run)) {
        say(to, "Memory did not run low: the level was normal for all of %s",
            format_time(whole, end_ns));
    } else {
        say(to, "Memory ran low: of %s the level was ",
            format_time(whole, end_ns));
        say_levels(run, to);
        say_brief_levels(run, to);
    }
}

static void say_stall(const struct report_run *run, int64_t end_ns,
                      struct sentence *to)
{
    char share[HUMAN_BYTES], longest[HUMAN_BYTES];
    double some = run->summary.stall_some_share;
    if (isnan(some) || end_ns <= 0) {
        say(to, ".");
        return;
    }
    if (!(some > 0)) {
        say(to, ", and no thread had to wait for it.");
        return;
    }
    say(to, ", %s threads stood still for %s of the time",
        run->has_ticks && !ran_low(run) ? "but" : "and",
        format_share(share, some));
    if (run->process_count > 0 && run->processes[0].stall_some_ns > 0)
        say(to, ", those of %s longest (%s)", run->processes[0].name,
            format_time(longest, run->processes[0].stall_some_ns));
    say(to, ".");
}

/* --- one run: reclaim ----------------------------------------------------- */

/* "3,830 pages were evicted, 1,735 compressed and 12 discarded (21.7 MiB)" */
static bool say_reclaimed(const struct report_run *run, struct sentence *to)
{
    const struct {
        uint64_t pages;
        const char *how;
    } ways[] = {
        {total(run->summary.evicted_pager), "evicted"},
        {total(run->summary.evicted_compressed), "compressed"},
        {total(run->summary.evicted_discardable), "discarded"},
    };
    char cell[HUMAN_BYTES];
    size_t count = 0, said = 0;
    uint64_t pages = 0;
    for (size_t n = 0; n < 3; n++) {
        count += ways[n].pages > 0;
        pages += ways[n].pages;
    }
    for (size_t n = 0; n < 3; n++) {
        if (ways[n].pages == 0)
            continue;
        const char *verb = ways[n].pages == 1 ? "page was " : "pages were ";
        say(to, "%s%s %s%s", list_separator(said, count),
            format_count(cell, ways[n].pages), said == 0 ? verb : "",
            ways[n].how);
        said++;
    }
    if (count > 0)
        say(to, " (%s in all)", format_pages(cell, pages, run->page_bytes));
    return count > 0;
}

static void say_refaults(const struct report_run *run, struct sentence *to)
{
    char cell[HUMAN_BYTES], of[HUMAN_BYTES];
    uint64_t refaults = total(run->summary.refaults);
    if (refaults == 0) {
        say(to, ", none of them was asked for again");
        return;
    }
    say(to, "; %s fault%s brought reclaimed pages back",
        format_count(cell, refaults), plural(refaults));
    const struct report_vmo *first = run->vmo_count > 0 ? run->vmos : NULL;
    if (first && first->refaults > 0) {
        bool is_all = first->refaults >= refaults;
        say(to, is_all ? ", all of %s" : ", most of %s", first->name);
        if (!is_all)
            say(to, " (%s)", format_count(of, first->refaults));
    }
}

/* Who was killed next, in order of time, and of the list at one instant; the
 * first for NULL. */
static const struct report_process *
next_killed(const struct report_run *run, const struct report_process *last)
{
    const struct report_process *next = NULL;
    for (const struct report_process *at = run->processes;
         at < run->processes + run->process_count; at++) {
        bool is_later = !last || at->killed_ns > last->killed_ns ||
                        (at->killed_ns == last->killed_ns && at > last);
        if (at->killed_ns >= 0 && is_later &&
            (!next || at->killed_ns < next->killed_ns))
            next = at;
    }
    return next;
}

static void say_killed(const struct report_run *run, struct sentence *to)
{
    char cell[HUMAN_BYTES];
    size_t killed = 0;
    for (size_t n = 0; n < run->process_count; n++)
        killed += run->processes[n].killed_ns >= 0;
    if (total(run->summary.oom_kills) == 0) {
        say(to, killed > 0 ? ", and no process was killed for want of memory."
                           : ", and no process was killed.");
        return;
    }
    say(to, ", and %s process%s %s killed for want of memory",
        format_count(cell, run->summary.oom_kills),
        run->summary.oom_kills == 1 ? "" : "es",
        run->summary.oom_kills == 1 ? "was" : "were");
    if (killed == 0 || killed != run->summary.oom_kills) {
        say(to, ".");
        return;
    }
    say(to, ": ");
    const struct report_process *last = NULL;
    for (size_t n = 0; n < killed; n++) {
        last = next_killed(run, last);
        say(to, "%s%s at %s", list_separator(n, killed), last->name,
            format_time(cell, last->killed_ns));
    }
    say(to, ".");
}

/* --- one run: its end ----------------------------------------------------- */

static void say_ending(const struct report_run *run, int64_t end_ns,
                       struct sentence *to)
{
    char cell[HUMAN_BYTES], of[HUMAN_BYTES];
    if (is_status(run, "interrupted"))
        say(to,
            " The run was interrupted: this is what had been recorded up "
            "to %s.",
            format_time(cell, end_ns));
    else if (is_status(run, "running"))
        say(to,
            " The run is still going on: this is what had been recorded up "
            "to %s.",
            format_time(cell, end_ns));
    else if (is_status(run, "error"))
        say(to, " The run ended with an error at %s: do not rely on it.",
            format_time(cell, end_ns));
    else if (is_status(run, "stopped"))
        say(to, " The run was stopped, out of memory, at %s.",
            format_time(cell, end_ns));
    if (run->failures_total > 0)
        say(to, " %s of %s expectation%s did not hold.",
            format_count(cell, run->failures_total),
            format_count(of, run->expectations), plural(run->expectations));
}

void report_verdict_run(const struct report_run *run, struct sentence *sentence)
{
    int64_t end_ns =
        run->summary.sim_ns == RECORD_NULL ? 0 : (int64_t)run->summary.sim_ns;
    if (run->summary.accesses == RECORD_NULL && !run->has_ticks) {
        say(sentence, "Nothing has been recorded of this run.");
        say_ending(run, end_ns, sentence);
        return;
    }
    say_pressure(run, end_ns, sentence);
    say_stall(run, end_ns, sentence);
    say(sentence, " ");
    if (say_reclaimed(run, sentence))
        say_refaults(run, sentence);
    else
        say(sentence, "Nothing was reclaimed");
    say_killed(run, sentence);
    say_ending(run, end_ns, sentence);
}

/* --- several policies ----------------------------------------------------- */

/* The value a metric is told in. */
typedef const char *metric_format(char *cell, double value);

/* How one speaks of a metric. */
struct words {
    const char *metric;
    const char *less, *more;
    metric_format *format;
};

static const struct words stall_words = {"stall_some_share", "shorter",
                                         "longer", format_share};
static const struct words fault_words = {"faults_major", "fewer", "more",
                                         format_number};

/* "44.2% more under lru (95% interval 40.4% to 47.9%)" */
static void say_difference(const struct report_contender *contender,
                           const struct compare_row *row,
                           const struct words *words, struct sentence *to)
{
    metric_format *format = words->format;
    char size[HUMAN_BYTES], low[HUMAN_BYTES], high[HUMAN_BYTES];
    double mean = row->difference.mean;
    bool is_relative = isfinite(row->relative);
    double scale = is_relative && mean != 0 ? row->relative / mean : 1;
    double sign = mean < 0 ? -1 : 1;
    double half = row->difference.half_width;
    if (is_relative)
        format = format_share;
    say(to, "%s %s under %s", format(size, fabs(mean * scale)),
        mean < 0 ? words->less : words->more, contender->label);
    if (isfinite(half))
        say(to, " (95%% interval %s to %s)",
            format(low, (sign * mean - half) * fabs(scale)),
            format(high, (sign * mean + half) * fabs(scale)));
}

/* What the others are against the baseline, the ones that differ first. */
static void say_others(const struct report_match *match,
                       const struct words *words, struct sentence *to)
{
    size_t same = 0, said = 0;
    struct compare_row row;
    bool is_single = report_seed_count(&match->contenders[1]) < 2;
    for (size_t c = 1; c < match->contender_count; c++) {
        const struct report_contender *other = &match->contenders[c];
        if (!report_match_row(other, words->metric, &row))
            continue;
        bool is_equal = row.difference.mean == 0;
        if (is_equal || (!is_single && row.verdict == COMPARE_NO_DIFFERENCE)) {
            same++;
            continue;
        }
        say(to, "%s", said++ > 0 ? ", " : ", but ");
        say_difference(other, &row, words, to);
    }
    if (same == 0)
        return;
    say(to, said > 0 ? "; no difference shown for "
                     : ", and no difference is "
                       "shown for ");
    said = 0;
    for (size_t c = 1; c < match->contender_count; c++) {
        const struct report_contender *other = &match->contenders[c];
        if (!report_match_row(other, words->metric, &row))
            continue;
        bool is_equal = row.difference.mean == 0;
        if (is_equal || (!is_single && row.verdict == COMPARE_NO_DIFFERENCE))
            say(to, "%s%s", list_separator(said++, same), other->label);
    }
}

/* The one with the lowest mean, if that is shown to be below the baseline. */
static const struct report_contender *
find_better(const struct report_match *match, const char *metric,
            bool *is_known)
{
    const struct report_contender *better = NULL;
    double best = 0;
    struct compare_row row;
    *is_known = true;
    for (size_t c = 1; c < match->contender_count; c++) {
        if (!report_match_row(&match->contenders[c], metric, &row)) {
            *is_known = false;
            continue;
        }
        if (row.verdict == COMPARE_LOWER && row.difference.mean < best) {
            best = row.difference.mean;
            better = &match->contenders[c];
        }
    }
    return better;
}

static void say_seeds(const struct report_match *match, struct sentence *to)
{
    size_t least = SIZE_MAX, most = 0;
    for (size_t c = 0; c < match->contender_count; c++) {
        size_t seeds = report_seed_count(&match->contenders[c]);
        least = seeds < least ? seeds : least;
        most = seeds > most ? seeds : most;
    }
    if (most < 2)
        say(to, "One run each, so chance is not ruled out: ");
    else if (least == most)
        say(to, "Over %zu seeds, ", most);
    else
        say(to, "Over %zu to %zu seeds, ", least, most);
}

static void say_lead(const struct report_match *match, struct sentence *to)
{
    const char *baseline = match->contenders[0].label;
    bool is_known;
    const struct report_contender *better =
        find_better(match, stall_words.metric, &is_known);
    if (match->contender_count < 2 || !is_known ||
        report_seed_count(&match->contenders[1]) < 2)
        return;
    if (better)
        say(to, "%s stalls less than %s: ", better->label, baseline);
    else
        say(to, "no policy is shown to stall less than %s: ", baseline);
}

void report_verdict_match(const struct report_match *match,
                          struct sentence *sentence)
{
    struct compare_row row;
    char cell[HUMAN_BYTES];
    const struct report_contender *baseline = &match->contenders[0];
    bool is_first = true;
    say_seeds(match, sentence);
    if (report_match_row(baseline, stall_words.metric, &row)) {
        say_lead(match, sentence);
        say(sentence, "threads stand still for %s of the time under %s",
            format_share(cell, row.value.mean), baseline->label);
        if (match->contender_count > 1)
            say_others(match, &stall_words, sentence);
        say(sentence, ".");
        is_first = false;
    }
    if (report_match_row(baseline, fault_words.metric, &row)) {
        say(sentence, is_first ? "there are " : " There are ");
        say(sentence, "%s major faults under %s",
            format_number(cell, row.value.mean), baseline->label);
        if (match->contender_count > 1)
            say_others(match, &fault_words, sentence);
        say(sentence, ".");
    }
}
