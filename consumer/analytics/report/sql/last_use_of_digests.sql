-- The last use of each digest of a manifest or index: any pull or check, by tag or digest. As with tags, `not_used_since` is
-- set only for a digest that was pushed within the window of the data and not deleted since. `in_index`: an index lists
-- the digest (if registries send references), so it may be needed although nobody pulled it by itself.
with digests as (
    select
        registry, repository, digest, arg_max(tag, happened_at) as tag,
        min(happened_at) filter (action = 'push') as first_push, max(happened_at) filter (action = 'push') as last_push,
        max(happened_at) filter (action = 'pull') as last_use,
        count(*) filter (action = 'pull' and request_method = 'GET') as gets,
        count(*) filter (action = 'pull' and request_method = 'HEAD') as checks,
        bool_and(shows_pulls) filter (action = 'push') as shows_pulls
    from image_events
    where digest <> ''
    group by registry, repository, digest
),
listed as (
    select distinct registry, repository, digest, true as in_index from children
),
deletes as (
    select coalesce(registry, '') as registry, repository, digest, max(happened_at) as deleted
    from events
    where action = 'delete' and digest is not null
    group by coalesce(registry, ''), repository, digest
)
select
    nullif(registry, '') as registry, repository, digest, tag, first_push, last_push, last_use, gets, checks,
    coalesce(in_index, false) as in_index,
    case when deleted >= coalesce(last_push, deleted) then deleted end as deleted,
    case
        when shows_pulls and (deleted is null or deleted < last_push) then coalesce(last_use, first_push)
    end as not_used_since
from digests
left join listed using (registry, repository, digest)
left join deletes using (registry, repository, digest)
order by not_used_since nulls last, last_use, registry, repository, digest;
