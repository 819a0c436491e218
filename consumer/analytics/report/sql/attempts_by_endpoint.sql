-- The attempts at each endpoint, the one with most failures first. What part failed is known only if deliveries are
-- written too (`keep: all`): null if no attempt at any endpoint is a delivery.
select
    endpoint, count(*) as attempts, count(distinct (event_topic, event_partition, event_offset)) as events,
    count(*) filter (outcome = 'delivered') as delivered, count(*) filter (outcome <> 'delivered') as failed,
    case
        when getvariable('has_deliveries') then round(100 * count(*) filter (outcome <> 'delivered') / count(*), 2)
    end as failed_percent, max(try) as most_tries,
    round(1000 * quantile_cont(seconds, 0.5), 1) as p50_ms, round(1000 * quantile_cont(seconds, 0.99), 1) as p99_ms,
    min(began_at) as first_attempt, max(began_at) as last_attempt
from attempts
group by endpoint
order by failed desc, endpoint;
