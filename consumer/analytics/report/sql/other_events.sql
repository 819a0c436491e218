-- Events of other actions than push, pull, mount and delete: scans, quotas, replications and others, from sources that
-- keep them (`keep: all`), and whatever else a registry calls an action.
select
    registry, source_format, action, count(*) as events, count(distinct repository) as repositories,
    min(happened_at) as first_seen, max(happened_at) as last_seen
from events
where action is null or action not in ('push', 'pull', 'mount', 'delete')
group by registry, source_format, action
order by last_seen desc, registry, source_format, action;
