"""Several processes that do one work: `--processes N`. A small parent starts, watches, drains and restarts them.

Settings come in from a command; each child process gets them through a pipe and does the whole work of its command, and
the parent answers for all of them: one page, one exposition of metrics, one readiness. It knows neither half: a half
says what a child does (`ChildDuty`), and which of its gauges are added up.

    order            what a child is given through its standard input (the pipe also tells it to stop)
    slot             the place of one child: its number, and where its pages are
    child_process    one child, from its start to its end
    keeper           keeps a child in its slot: a pause that grows, and another process
    parent           all keepers: the order of starting, the drain, the exit status
    shared_questions bounds what asking for pages costs
    pages            asks all children for a page
    merged_metrics   one exposition out of many
    probes           `/livez`, `/readyz` and `/metrics` of all
    forwarding       the pages of all, asked for at a child's own address
"""
