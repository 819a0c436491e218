-- Blobs that were mounted from another repository, compared with blobs that were pushed: mounts save transfers.
-- `mostly_from`: the repository that most were mounted from; of several the first by name.
with counted as (
    select
        registry, repository, from_repository, count(*) filter (action = 'push') as pushes,
        count(*) filter (action = 'mount') as mounts, sum(size_bytes) filter (action = 'mount') as bytes_spared
    from events
    where kind = 'blob' and action in ('push', 'mount')
    group by registry, repository, from_repository
),
ranked as (
    select
        *,
        row_number() over (
            partition by registry, repository order by from_repository is null, mounts desc, from_repository
        ) as place
    from counted
)
select
    registry, repository, sum(pushes)::bigint as pushes, sum(mounts)::bigint as mounts,
    round(100 * sum(mounts) / (sum(pushes) + sum(mounts)), 1) as mounted_percent,
    coalesce(sum(bytes_spared), 0) as bytes_spared,
    max(from_repository) filter (place = 1 and mounts > 0) as mostly_from
from ranked
group by registry, repository
order by mounts desc, pushes desc, registry, repository;
