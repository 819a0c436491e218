-- Tags that move: how often a push gave a tag another digest than the push before it. Moves and digests are null for a tag
-- whose pushes have no digest: some sources send none.
with pushes as (
    select
        registry, repository, own_tag as tag, nullif(digest, '') as digest, happened_at,
        lag(nullif(digest, '')) over (partition by registry, repository, own_tag order by happened_at) as digest_before
    from image_events
    where action = 'push' and own_tag is not null
)
select
    nullif(registry, '') as registry, repository, tag,
    case when count(digest) > 0 then count(*) filter (digest <> digest_before) end as moves, count(*) as pushes,
    nullif(count(distinct digest), 0) as digests, arg_max(digest, happened_at) as last_digest,
    max(happened_at) filter (digest <> digest_before) as last_move
from pushes
group by registry, repository, tag
order by moves desc nulls last, pushes desc, registry, repository, tag;
