-- How often images are pushed (a manifest or index by tag), and how often they are pulled.
with counted as (
    select repository, 'push' as what, happened_at from image_events where action = 'push' and own_tag is not null
    union all
    select repository, 'pull', happened_at from pulls
)
select
    repository, count(*) filter (what = 'push') as pushes, count(*) filter (what = 'pull') as pulls,
    round(count(*) filter (what = 'pull') / nullif(count(*) filter (what = 'push'), 0), 2) as pulls_per_push,
    max(happened_at) filter (what = 'push') as last_push, max(happened_at) filter (what = 'pull') as last_pull
from counted
group by repository
order by pushes desc, pulls, repository;
