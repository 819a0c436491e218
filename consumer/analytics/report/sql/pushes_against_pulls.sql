-- How often images are pushed (a manifest or index by tag), and how often they are pulled. Pulls are null if the data have
-- none from the source of the pushes: many sources send no pulls.
with counted as (
    select registry, repository, 'push' as what, happened_at, shows_pulls
    from image_events
    where action = 'push' and own_tag is not null
    union all
    select registry, repository, 'pull', happened_at, true
    from pulls
),
summed as (
    select
        registry, repository, count(*) filter (what = 'push') as pushes,
        case when bool_or(shows_pulls) then count(*) filter (what = 'pull') end as pulls,
        max(happened_at) filter (what = 'push') as last_push, max(happened_at) filter (what = 'pull') as last_pull
    from counted
    group by registry, repository
)
select
    nullif(registry, '') as registry, repository, pushes, pulls,
    round(pulls / nullif(pushes, 0), 2) as pulls_per_push, last_push, last_pull
from summed
order by pushes desc, pulls, registry, repository;
