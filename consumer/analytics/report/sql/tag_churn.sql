-- Tags that move: how often a push gave a tag another digest than the push before it.
with pushes as (
    select
        repository, own_tag as tag, digest, happened_at,
        lag(digest) over (partition by registry, repository, own_tag order by happened_at) as digest_before
    from image_events
    where action = 'push' and own_tag is not null
)
select
    repository, tag, count(*) filter (digest <> digest_before) as moves, count(*) as pushes,
    count(distinct digest) as digests, arg_max(digest, happened_at) as last_digest,
    max(happened_at) filter (digest <> digest_before) as last_move
from pushes
group by repository, tag
order by moves desc, pushes desc, repository, tag;
