-- Rule: the records of one event are counted once. A registry that was answered 503 sends the event again, so one event
-- may be two records. The record that was accepted first counts; this table holds the others. An event without an id is
-- identified by its record's place in the log.
-- Rule: an event whose source sends neither id nor time is another event if it comes five minutes after the last one of the
-- same id, or from another registry. The id of such an event (from Quay, for example) begins with sha256-: it is made of the
-- body, and two pushes of one tag have the same body.
-- The hashes only reduce the ids that must be compared; the ids themselves decide.
create or replace temp view keyed as
select
    rowid as record, kafka_topic, kafka_partition, kafka_offset, accepted_at, registry,
    coalesce(event_id, kafka_topic || '/' || kafka_partition::varchar || '/' || kafka_offset::varchar) as event_key,
    has_time or source_format is null or not starts_with(coalesce(event_id, ''), 'sha256-') as is_unique
from records;

create or replace temp table repeats as
with suspects as (
    select hash(event_key) as hashed from keyed group by hash(event_key) having count(*) > 1
),
ordered as (
    select
        record, is_unique, accepted_at, row_number() over same_event as place,
        lag(accepted_at) over same_event as accepted_before
    from keyed
    where hash(event_key) in (select hashed from suspects)
    window same_event as (
        partition by event_key, case when not is_unique then coalesce(registry, '') end
        order by accepted_at, kafka_topic, kafka_partition, kafka_offset
    )
)
select record
from ordered
where place > 1 and (is_unique or accepted_at <= accepted_before + interval 5 minutes);
