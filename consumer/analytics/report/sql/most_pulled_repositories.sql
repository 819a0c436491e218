-- The most pulled repositories, in the last 7 and 30 days before `as_of`, the time of the last record.
select
    nullif(registry, '') as registry, repository,
    count(*) filter (happened_at > getvariable('as_of') - interval 7 days) as pulls_7_days,
    count(*) filter (happened_at > getvariable('as_of') - interval 30 days) as pulls_30_days,
    count(*) as pulls, count(distinct client_ip) as addresses, max(happened_at) as last_pull
from pulls
group by registry, repository
order by pulls_30_days desc, pulls_7_days desc, pulls desc, registry, repository;
