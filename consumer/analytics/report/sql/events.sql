-- Each event once: only events that can be decoded, and only of the selected registries (table
-- `wanted_registries`, if `some_registries` is set) and repositories (table `wanted`, if `some_repositories` is set).
create or replace temp view events as
select records.rowid as event, records.*
from records
anti join repeats on repeats.record = records.rowid
where not is_undecodable
    and (not getvariable('some_registries') or registry in (select registry from wanted_registries))
    and (not getvariable('some_repositories') or repository in (select repository from wanted));
