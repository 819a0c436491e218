-- Client programs and their versions, from their user agents.
with pulled as (
    select client, version, count(*) as pulls
    from pulls
    left join user_agents on user_agents.user_agent = pulls.user_agent
    group by client, version
),
came as (
    select
        user_agent, client_ip, count(*) as events,
        count(*) filter (action = 'pull' and request_method = 'HEAD') as checks,
        count(*) filter (action = 'push' and tag is not null) as pushes, max(happened_at) as last_seen
    from events
    group by user_agent, client_ip
),
programs as (
    select
        client, version, sum(events)::bigint as events, sum(checks)::bigint as checks, sum(pushes)::bigint as pushes,
        count(distinct client_ip) as addresses, max(last_seen) as last_seen
    from came
    left join user_agents on user_agents.user_agent = came.user_agent
    group by client, version
)
select
    programs.client, programs.version, coalesce(pulls, 0) as pulls, pushes, checks, events, addresses, last_seen
from programs
left join pulled
    on pulled.client is not distinct from programs.client and pulled.version is not distinct from programs.version
order by pulls desc, pushes desc, events desc, client, version;
