-- Records that cannot be decoded, and where they are in the log. They are counted for all repositories, also if the
-- report selects some.
select
    kafka_topic, kafka_partition, schema_id, count(*) as records, min(kafka_offset) as first_offset,
    max(kafka_offset) as last_offset, min(accepted_at) as first_accepted, max(accepted_at) as last_accepted
from records
where is_undecodable
group by kafka_topic, kafka_partition, schema_id
order by records desc, kafka_topic, kafka_partition, schema_id;
