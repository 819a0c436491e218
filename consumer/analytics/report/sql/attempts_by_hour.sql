-- The attempts at each endpoint by hour (UTC), the last hour first.
select
    date_trunc('hour', began_at)::timestamp as hour, endpoint, count(*) as attempts,
    count(*) filter (outcome = 'delivered') as delivered, count(*) filter (outcome <> 'delivered') as failed,
    case
        when getvariable('has_deliveries') then round(100 * count(*) filter (outcome <> 'delivered') / count(*), 2)
    end as failed_percent,
    round(1000 * quantile_cont(seconds, 0.5), 1) as p50_ms, round(1000 * quantile_cont(seconds, 0.99), 1) as p99_ms
from attempts
group by date_trunc('hour', began_at), endpoint
order by hour desc, endpoint;
