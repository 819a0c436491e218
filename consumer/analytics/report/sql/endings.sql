-- Which digest each tag had, and when. Rule: a tag has the digest that the last push or pull by this tag before shows.
-- Of events at one moment the later one is that which comes later in the log: some registries send whole seconds.
create or replace temp table digests_of_tags as
with shown as (
    select
        registry, repository, own_tag as tag, digest, happened_at, kafka_offset,
        lag(digest) over (partition by registry, repository, own_tag order by happened_at, kafka_offset) as digest_before
    from image_events
    where own_tag is not null and (digest <> '' or action = 'push')
)
select
    registry, repository, tag, nullif(digest, '') as digest, happened_at as since, kafka_offset as since_offset,
    lead(happened_at) over same_tag as until, lead(kafka_offset) over same_tag as until_offset
from shown
where digest_before is null or digest <> digest_before
window same_tag as (partition by registry, repository, tag order by happened_at, kafka_offset);

-- When tags ended. Rule: a delete of a tag ends it, and so does a delete of the digest that it has then, or of its
-- repository.
create or replace temp table endings as
with deletes as (
    select
        coalesce(registry, '') as registry, repository, tag, digest, happened_at as ended_at, kafka_offset as ended_offset
    from events
    where action = 'delete'
),
known as (
    select registry, repository, tag, min(since) as since from digests_of_tags group by registry, repository, tag
)
select registry, repository, tag, ended_at, ended_offset
from deletes
where tag is not null
union all
select had.registry, had.repository, had.tag, ended_at, ended_offset
from digests_of_tags as had
join deletes
    on deletes.registry = had.registry and deletes.repository = had.repository and deletes.digest = had.digest
where deletes.tag is null
    and (ended_at > since or (ended_at = since and ended_offset > since_offset))
    and (until is null or ended_at < until or (ended_at = until and ended_offset < until_offset))
union all
select known.registry, known.repository, known.tag, ended_at, ended_offset
from known
join deletes on deletes.registry = known.registry and deletes.repository = known.repository
where deletes.tag is null and deletes.digest is null and ended_at >= since;
