-- The most pulled tags, in the last 7 and 30 days before `as_of`. A row without a tag: pulls by digests for which no
-- event has a tag.
select
    nullif(registry, '') as registry, repository, tag,
    count(*) filter (happened_at > getvariable('as_of') - interval 7 days) as pulls_7_days,
    count(*) filter (happened_at > getvariable('as_of') - interval 30 days) as pulls_30_days,
    count(*) as pulls, count(distinct client_ip) as addresses, max(happened_at) as last_pull
from pulls
group by registry, repository, tag
order by pulls_30_days desc, pulls_7_days desc, pulls desc, registry, repository, tag;
