-- The manifests that each index lists. Registries send them only with their setting `includereferences`.
create or replace temp table children as
select distinct
    coalesce(registry, '') as registry, coalesce(repository, '') as repository, digest as index_digest,
    unnest(refs).digest as digest
from exported
join ranges using (kafka_topic, kafka_partition)
where kafka_offset >= first_offset and kafka_offset < end_offset and kind = 'index' and len(refs) > 0;
