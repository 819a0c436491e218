-- Blobs that were mounted from another repository, compared with blobs that were pushed: mounts save transfers.
select
    registry, repository, count(*) filter (action = 'push') as pushes, count(*) filter (action = 'mount') as mounts,
    round(100 * count(*) filter (action = 'mount') / count(*), 1) as mounted_percent,
    coalesce(sum(size_bytes) filter (action = 'mount'), 0) as bytes_spared,
    mode(from_repository) filter (action = 'mount') as mostly_from
from events
where kind = 'blob' and action in ('push', 'mount')
group by registry, repository
order by mounts desc, pushes desc, registry, repository;
