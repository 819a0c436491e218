-- For each registry label, format and instance. An instance is one start of one registry process.
with counted as (
    select
        coalesce(registry, '') as registry, source_format, source_addr, source_instance, count(*) as events,
        count(*) filter (action = 'pull') as pull_events, count(*) filter (action = 'push') as push_events,
        count(*) filter (action = 'mount') as mount_events, count(*) filter (action = 'delete') as delete_events,
        min(happened_at) as first_seen, max(happened_at) as last_seen
    from events
    group by coalesce(registry, ''), source_format, source_addr, source_instance
)
select
    nullif(registry, '') as registry, source_format, source_addr, source_instance, events, pull_events, push_events,
    mount_events, delete_events, first_seen, last_seen
from counted
order by last_seen desc, registry, source_format, source_addr, source_instance;
