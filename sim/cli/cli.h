/*
 * What the sub-commands of `lowtide` share: exit statuses and the table that
 * main.c dispatches on.
 */
#ifndef LOWTIDE_CLI_CLI_H
#define LOWTIDE_CLI_CLI_H

enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,    /* an expectation or a comparison gate did not hold */
    CLI_USAGE = 2,     /* bad usage or bad input; nothing was written */
    CLI_HOST = 3,      /* disk, memory, a missing program ... */
    CLI_INVARIANT = 4, /* a bug of ours */
    CLI_INTERRUPTED = 130
};

/* One sub-command. */
struct cli_command {
    const char *name;
    const char *summary; /* one line for `lowtide --help` */
    /* argv[0] is the command's name; returns an enum cli_exit */
    int (*run)(int argc, char **argv);
};

/* lowtide run SCENARIO...: run scenarios and record them. */
int cmd_run(int argc, char **argv);

/* lowtide check SCENARIO...: read and check scenarios. */
int cmd_check(int argc, char **argv);

/* lowtide policies [NAME...]: describe the reclaim policies. */
int cmd_policies(int argc, char **argv);

/* lowtide replay TRACE ...: a trace straight into one pager-backed VMO. */
int cmd_replay(int argc, char **argv);

/* lowtide import TRACE --to FILE: a trace into lowtide's own format. */
int cmd_import(int argc, char **argv);

/* lowtide compare SCENARIO ...: policies, memory sizes and seeds. */
int cmd_compare(int argc, char **argv);

/* lowtide budget SCENARIO ...: the smallest memory for a condition. */
int cmd_budget(int argc, char **argv);

/* lowtide sweep STUDY.yaml: a parameter study. */
int cmd_sweep(int argc, char **argv);

/* lowtide merge OUT.db IN.db...: join results files into a new one. */
int cmd_merge(int argc, char **argv);

/* lowtide list DB: the runs in a results file. */
int cmd_list(int argc, char **argv);

/* lowtide plot DB ... -o FILE: figures from a results file. */
int cmd_plot(int argc, char **argv);

/* lowtide report DB ... -o FILE.html: one page about runs. */
int cmd_report(int argc, char **argv);

/* lowtide explain DB ...: a page's life, or where two runs part. */
int cmd_explain(int argc, char **argv);

/* lowtide export DB ...: results for other tools. */
int cmd_export(int argc, char **argv);

/* lowtide schema: JSON Schemas of scenarios and outputs. */
int cmd_schema(int argc, char **argv);

#endif
