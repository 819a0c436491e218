-- The attempts at the selected records of the selected repositories. An attempt that is in its topic twice counts once,
-- and records that hold no attempt do not count. The times are the workers'.
create or replace temp table attempts as
select distinct on (endpoint, event_topic, event_partition, event_offset, began_at)
    endpoint, began_at::timestamp as began_at, event_topic, event_partition, event_offset, try, outcome, status,
    case when status is null then regexp_extract(error, '^[^:]*') end as fault, seconds, answer
from exported_attempts
join ranges on ranges.kafka_topic = event_topic and ranges.kafka_partition = event_partition
where endpoint is not null and event_offset >= first_offset and event_offset < end_offset
    and (not getvariable('some_repositories') or repository in (select repository from wanted));
set variable has_deliveries = (select coalesce(bool_or(outcome = 'delivered'), false) from attempts);
