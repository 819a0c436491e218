-- The actions of each actor of a registry, and the time of the last one. A row without a name: nobody was logged in, or
-- the registry does not name the actor.
with happened as (
    select
        registry, actor, client_ip, action, happened_at,
        action = 'push' and tag is not null and kind in ('manifest', 'index') as image_push
    from events
),
pulled as (
    select nullif(registry, '') as registry, actor, count(*) as pulls from pulls group by registry, actor
),
acted as (
    select
        registry, actor, count(*) filter (image_push) as pushes, count(*) filter (action = 'delete') as deletes,
        count(*) as events, count(distinct client_ip) as addresses, min(happened_at) as first_seen,
        max(happened_at) as last_seen
    from happened
    group by registry, actor
)
select
    acted.registry, acted.actor, coalesce(pulls, 0) as pulls, pushes, deletes, events, addresses, first_seen, last_seen
from acted
left join pulled
    on pulled.actor is not distinct from acted.actor and pulled.registry is not distinct from acted.registry
order by last_seen desc, registry, actor;
