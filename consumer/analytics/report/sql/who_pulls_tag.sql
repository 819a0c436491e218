-- The clients that still pull this tag (`tag`) in the selected repositories, also by digest.
select
    nullif(registry, '') as registry, repository, client_ip, user_agent, actor, count(*) as pulls,
    min(happened_at) as first_pull, max(happened_at) as last_pull
from pulls
where tag = getvariable('tag')
group by registry, repository, client_ip, user_agent, actor
order by last_pull desc, pulls desc, registry, repository, client_ip, user_agent, actor;
