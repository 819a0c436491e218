-- Each event once: only events that can be decoded, and only of the selected repositories (table `wanted`, if
-- `some_repositories` is set).
create or replace temp view events as
select rowid as event, *
from records
where not is_undecodable
    and rowid not in (select record from repeats)
    and (not getvariable('some_repositories') or repository in (select repository from wanted));
