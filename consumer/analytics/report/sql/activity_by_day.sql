-- For each day: image pulls, pushes of a tag, mounts of a blob, deletes.
with happened as (
    select happened_at, 'pull' as what from pulls
    union all
    select happened_at, 'push' from image_events where action = 'push' and own_tag is not null
    union all
    select happened_at, action from events where action in ('mount', 'delete')
)
select
    happened_at::date as day,
    count(*) filter (what = 'pull') as pulls, count(*) filter (what = 'push') as pushes,
    count(*) filter (what = 'mount') as mounts, count(*) filter (what = 'delete') as deletes
from happened
group by happened_at::date
order by day desc;
