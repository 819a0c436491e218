-- The window that the data cover, and its content. Records are rows of the log; events are counted once. The times come
-- from the registries and are wrong if a registry's clock is wrong.
select
    min(accepted_at) as first_accepted, max(accepted_at) as last_accepted,
    min(happened_at) as first_event, max(happened_at) as last_event,
    count(*) as records, (select count(*) from repeats) as repeated_records,
    count(*) filter (is_undecodable) as undecodable_records,
    (
        select sum(missing)::bigint
        from (
            select max(kafka_offset) - min(kafka_offset) + 1 - count(distinct kafka_offset) as missing
            from records
            group by kafka_topic, kafka_partition
        )
    ) as missing_offsets,
    (select count(*) from pulls) as image_pulls,
    (select count(*) from image_events where action = 'pull' and request_method = 'HEAD') as image_checks,
    (select count(*) from image_events where action = 'pull' and request_method is null) as pulls_without_method,
    (select count(*) from image_events where action = 'push' and own_tag is not null) as image_pushes
from records;
