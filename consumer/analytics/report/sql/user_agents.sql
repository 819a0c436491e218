-- The client and version of each user agent, from its first word (`containerd/v1.7.2 ...`, `regclient/regctl
-- (v0.5.1)`). podman calls itself libpod, and the docker command line calls itself docker-client.
create or replace temp table user_agents as
with words as (
    select distinct user_agent, lower(regexp_extract(user_agent, '^[^/ (;]+')) as word
    from events
    where user_agent is not null
)
select
    user_agent,
    case word
        when 'libpod' then 'podman'
        when 'docker-client' then 'docker'
        when 'regclient' then coalesce(nullif(regexp_extract(user_agent, '^regclient/([a-z]+)', 1), ''), word)
        when 'containers' then 'containers/image'
        else nullif(word, '')
    end as client,
    nullif(regexp_extract(user_agent, '^[^/ (;]+/(?:[a-z]+ [(])?v?([0-9][^ ;,()]*)', 1), '') as version
from words;
