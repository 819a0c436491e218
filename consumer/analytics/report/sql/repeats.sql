-- Rule: the records of one event are counted once. A registry that was answered 503 sends the event again, so one event
-- may be two records. The record that was accepted first counts; this table holds the others. An event without an id is
-- identified by its record's place in the log.
-- The hashes only reduce the ids that must be compared; the ids themselves decide.
create or replace temp view keyed as
select
    rowid as record, kafka_topic, kafka_partition, kafka_offset, accepted_at,
    coalesce(event_id, kafka_topic || '/' || kafka_partition || '/' || kafka_offset) as event_key
from records;

create or replace temp table repeats as
with suspects as (
    select hash(event_key) as hashed from keyed group by hashed having count(*) > 1
)
select record
from keyed
where hash(event_key) in (select hashed from suspects)
qualify row_number() over (
    partition by event_key order by accepted_at, kafka_topic, kafka_partition, kafka_offset, record
) > 1;
