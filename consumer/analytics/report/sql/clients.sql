-- Client programs and their versions, from their user agents.
with pulled as (
    select user_agent, count(*) as pulls from pulls group by user_agent
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
        user_agent, sum(events)::bigint as events, sum(checks)::bigint as checks, sum(pushes)::bigint as pushes,
        list(client_ip) as addresses, max(last_seen) as last_seen
    from came
    group by user_agent
)
select
    client, version, coalesce(sum(pulls), 0)::bigint as pulls, sum(pushes)::bigint as pushes,
    sum(checks)::bigint as checks, sum(events)::bigint as events,
    len(list_distinct(flatten(list(addresses)))) as addresses, max(last_seen) as last_seen
from programs
left join pulled on pulled.user_agent is not distinct from programs.user_agent
left join user_agents on user_agents.user_agent = programs.user_agent
group by client, version
order by pulls desc, pushes desc, events desc, client, version;
