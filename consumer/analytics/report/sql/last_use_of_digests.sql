-- The last use of each digest of a manifest or index: any pull or check, by tag or digest. As with tags, `not_used_since` is
-- set only for a digest that was pushed within the window of the data and not deleted since, by its digest or with its
-- repository; and a digest that is pushed or pulled again after its delete begins anew. `in_index`: an index lists
-- the digest (if registries send references), so it may be needed although nobody pulled it by itself.
with known as (
    select distinct registry, repository, digest from image_events where digest <> ''
),
endings_of_digests as (
    select coalesce(registry, '') as registry, repository, digest, happened_at as ended_at, kafka_offset as ended_offset
    from events
    where action = 'delete' and digest is not null
    union all
    select known.registry, known.repository, known.digest, happened_at, kafka_offset
    from known
    join events on coalesce(events.registry, '') = known.registry and events.repository = known.repository
    where action = 'delete' and events.tag is null and events.digest is null
),
ended as (
    select
        registry, repository, digest, ended_at as deleted, ended_offset,
        row_number() over (partition by registry, repository, digest order by ended_at desc, ended_offset desc) as place
    from endings_of_digests
),
ends as (
    select
        ended.registry, ended.repository, ended.digest, deleted, ended_offset,
        bool_or(happened_at > deleted or (happened_at = deleted and kafka_offset > ended_offset)) as is_back
    from ended
    join image_events as shown
        on shown.registry = ended.registry and shown.repository = ended.repository and shown.digest = ended.digest
    where place = 1
    group by ended.registry, ended.repository, ended.digest, deleted, ended_offset
),
digests as (
    select
        registry, repository, digest, arg_max(tag, happened_at) as tag,
        max(case when is_back then null else deleted end) as deleted,
        min(happened_at) filter (action = 'push') as first_push, max(happened_at) filter (action = 'push') as last_push,
        max(happened_at) filter (action = 'pull') as last_use,
        count(*) filter (action = 'pull' and request_method = 'GET') as gets,
        count(*) filter (action = 'pull' and request_method = 'HEAD') as checks,
        bool_and(shows_pulls) filter (action = 'push') as shows_pulls
    from image_events
    left join ends using (registry, repository, digest)
    where digest <> ''
        and (
            deleted is null or not is_back
            or happened_at > deleted or (happened_at = deleted and kafka_offset > ended_offset)
        )
    group by registry, repository, digest
),
listed as (
    select distinct registry, repository, digest, true as in_index from children
)
select
    nullif(registry, '') as registry, repository, digest, tag, first_push, last_push, last_use, gets, checks,
    coalesce(in_index, false) as in_index, deleted,
    case
        when shows_pulls and deleted is null then coalesce(greatest(first_push, last_use), first_push)
    end as not_used_since
from digests
left join listed using (registry, repository, digest)
order by not_used_since nulls last, last_use, registry, repository, digest;
