-- The selected records: one row each, all times in UTC, only the columns that questions need.
--   exported   the content of the Parquet files
--   ranges     the selected offsets of each partition
-- happened_at is the registry's own time of the event or, if that cannot be read, the time of acceptance.
-- Rule: a pull without a method is a GET if its source has a format of its own (Harbor's, for example): such sources send
-- an event for a download only, and no method. `says_no_method` marks it.
create or replace temp table records as
select
    kafka_topic, kafka_partition, kafka_offset, accepted_at::timestamp as accepted_at,
    coalesce(event_time, accepted_at)::timestamp as happened_at, event_time is not null as has_time,
    registry, source_format, event_id, action, kind, repository, tag, digest, size_bytes, from_repository,
    actor, client_ip, user_agent,
    coalesce(request_method, case when action = 'pull' and source_format is not null then 'GET' end) as request_method,
    request_method is null as says_no_method, source_addr, source_instance, schema_id,
    raw is not null as is_undecodable
from exported
join ranges using (kafka_topic, kafka_partition)
where kafka_offset >= first_offset and kafka_offset < end_offset;
