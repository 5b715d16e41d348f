#include "study/sweep_script.h"

#include <string.h>

/* A shell variable; the value in single quotes, whatever is in it. */
static void write_variable(FILE *out, const char *name, const char *value)
{
    fprintf(out, "%s='", name);
    for (; *value; value++)
        if (*value == '\'')
            fputs("'\\''", out);
        else
            fputc(*value, out);
    fputs("'\n", out);
}

static void write_paths(FILE *out, const struct sweep_script *script)
{
    write_variable(out, "lowtide", script->program);
    write_variable(out, "study", script->sweep->path);
    write_variable(out, "db", script->database);
}

/*
 * Shards into DB. What was merged is removed last, so that this can be done
 * again wherever it was stopped; runs that are then there twice count once.
 */
static const char collect[] =
    "set --\n"
    "n=1\n"
    "while [ \"$n\" -le \"$LOWTIDE_SHARDS\" ]; do\n"
    "    shard=$db.shard-$n-of-$LOWTIDE_SHARDS.db\n"
    "    [ ! -e \"$shard\" ] || set -- \"$@\" \"$shard\"\n"
    "    n=$((n + 1))\n"
    "done\n"
    "if [ $# -gt 0 ]; then\n"
    "    new=$db.new-$$\n"
    "    old=\n"
    "    [ ! -e \"$db\" ] || old=$db\n"
    "    \"$lowtide\" merge \"$new\" ${old:+\"$old\"} \"$@\"\n"
    "    mv -f \"$new\" \"$db\"\n"
    "    rm -f \"$@\"\n"
    "fi\n";

/* How many shards there are, and what the file is. */
static void write_slurm_head(FILE *out, const struct sweep_script *script)
{
    fprintf(out,
            "#!/bin/sh\n"
            "# A parameter study as a Slurm job array: %zu runs, a shard of "
            "them an element.\n"
            "# To be run where jobs are submitted. What the site wants goes "
            "into sbatch's\n"
            "# variables: SBATCH_PARTITION, SBATCH_TIMELIMIT, SBATCH_ACCOUNT "
            "...\n"
            "set -eu\n",
            script->sweep->run_count);
    fprintf(out,
            "shards=%u\n"
            "# Indexes of an array are below MaxArraySize: fewer shards are "
            "larger ones.\n"
            "most=$(scontrol show config | sed -n 's/^MaxArraySize *= *//p')\n"
            "[ -z \"$most\" ] || [ \"$shards\" -lt \"$most\" ] || "
            "shards=$((most - 1))\n",
            script->shards);
    write_variable(out, "db", script->database);
}

/* The job array: a shard an element. */
static void write_slurm_array(FILE *out, const struct sweep_script *script)
{
    /* an expectation that fails is a result; all else is not */
    fprintf(out,
            "array=$(sbatch --parsable --job-name=lowtide-sweep "
            "--array=\"1-$shards\" \\\n"
            "    --requeue --open-mode=append --cpus-per-task=%u \\\n"
            "    --output=\"$db.slurm-%%A_%%a.log\" \\\n"
            "    --export=\"ALL,LOWTIDE_SHARDS=$shards\" <<'END'\n"
            "#!/bin/sh\n",
            script->parallel);
    write_paths(out, script);
    fputs("status=0\n"
          "\"$lowtide\" sweep \"$study\" -o \"$db\" -j "
          "\"$SLURM_CPUS_PER_TASK\" \\\n"
          "    --shard \"$SLURM_ARRAY_TASK_ID/$LOWTIDE_SHARDS\" || "
          "status=$?\n"
          "[ \"$status\" -gt 1 ] || exit 0\n"
          "exit \"$status\"\n"
          "END\n"
          ")\n"
          "array=${array%%;*}\n",
          out);
}

/* The job that comes after it. */
static void write_slurm_collect(FILE *out, const struct sweep_script *script)
{
    fputs("collect=$(sbatch --parsable --job-name=lowtide-collect "
          "--kill-on-invalid-dep=yes \\\n"
          "    --dependency=\"afterok:$array\" --requeue --open-mode=append "
          "\\\n"
          "    --output=\"$db.slurm-%A.log\" \\\n"
          "    --export=\"ALL,LOWTIDE_SHARDS=$shards\" <<'END'\n"
          "#!/bin/sh\n"
          "set -eu\n",
          out);
    write_paths(out, script);
    fprintf(out,
            "%s"
            "END\n"
            ")\n"
            "echo \"job array $array of $shards shards, then job "
            "${collect%%%%;*} for $db\"\n",
            collect);
}

void sweep_write_slurm(FILE *out, const struct sweep_script *script)
{
    write_slurm_head(out, script);
    write_slurm_array(out, script);
    write_slurm_collect(out, script);
}

void sweep_write_parallel(FILE *out, const struct sweep_script *script)
{
    fprintf(out,
            "#!/bin/sh\n"
            "# A parameter study by GNU parallel: %zu runs in %u shards. "
            "Started again it goes\n"
            "# on where it stopped. PARALLEL='--sshloginfile FILE --workdir "
            ".' spreads it\n"
            "# over machines that share this folder.\n"
            "set -eu\n",
            script->sweep->run_count, script->shards);
    write_paths(out, script);
    fprintf(out,
            "LOWTIDE_SHARDS=%u\n"
            "status=0\n"
            "seq \"$LOWTIDE_SHARDS\" |\n"
            "    parallel -q -j %u --joblog \"$db.joblog\" --resume-failed \\\n"
            "    \"$lowtide\" sweep \"$study\" -o \"$db\" --quiet "
            "--shard \"{}/$LOWTIDE_SHARDS\" ||\n"
            "    status=$?\n"
            "n=1\n"
            "while [ \"$n\" -le \"$LOWTIDE_SHARDS\" ]; do\n"
            "    if [ ! -e \"$db.shard-$n-of-$LOWTIDE_SHARDS.db\" ]; then\n"
            "        echo \"shard $n is not complete; see $db.joblog\" >&2\n"
            "        exit 3\n"
            "    fi\n"
            "    n=$((n + 1))\n"
            "done\n"
            "%s"
            "# done: the next time begins anew\n"
            "rm -f \"$db.joblog\"\n"
            "[ \"$status\" = 0 ] || exit 1\n",
            script->shards, script->parallel, collect);
}
