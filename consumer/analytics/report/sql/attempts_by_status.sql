-- What endpoints answered: by status or, where there was no answer, by what was at fault; the failures first.
select
    endpoint, outcome, status, fault, count(*) as attempts,
    count(distinct (event_topic, event_partition, event_offset)) as events,
    round(1000 * quantile_cont(seconds, 0.5), 1) as p50_ms, round(1000 * quantile_cont(seconds, 0.99), 1) as p99_ms,
    min(began_at) as first_attempt, max(began_at) as last_attempt,
    arg_max(answer, began_at) filter (answer <> '') as last_answer
from attempts
group by endpoint, outcome, status, fault
order by outcome = 'delivered', attempts desc, endpoint, outcome, status, fault;
