-- Bytes of blobs pushed and served, by repository. Pushed: each digest counts once in a registry, for the repository to
-- which it was pushed first; a mount does not count. Served: every GET of a blob counts in full, also a range, a broken
-- download and a download that the storage itself serves; a HEAD never counts.
with pushed as (
    select registry, arg_min(repository, happened_at) as repository, arg_min(size_bytes, happened_at) as size_bytes
    from events
    where kind = 'blob' and action = 'push'
    group by registry, digest
),
moved as (
    select registry, repository, size_bytes, 'push' as what from pushed
    union all
    select registry, repository, size_bytes, 'pull'
    from events
    where kind = 'blob' and action = 'pull' and request_method = 'GET'
)
select
    registry, repository,
    coalesce(sum(size_bytes) filter (what = 'push'), 0) as bytes_pushed,
    count(*) filter (what = 'push') as blobs_pushed,
    coalesce(sum(size_bytes) filter (what = 'pull'), 0) as bytes_served,
    count(*) filter (what = 'pull') as blobs_served
from moved
group by registry, repository
order by bytes_served desc, bytes_pushed desc, registry, repository;
