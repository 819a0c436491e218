-- The manifests that each index lists. Registries send them only with their setting `includereferences`.
create or replace temp table children as
with listed as (
    select
        coalesce(registry, '') as registry, coalesce(repository, '') as repository, digest as index_digest,
        unnest(list_transform(refs, lambda child: child.digest)) as digest
    from exported
    join ranges using (kafka_topic, kafka_partition)
    where kafka_offset >= first_offset and kafka_offset < end_offset and kind = 'index'
)
select distinct registry, repository, index_digest, digest
from listed;
