-- Image pulls for each hour (UTC) of each day of the week, the busiest hour first. Weekday 1 is Monday.
select isodow(happened_at) as weekday, hour(happened_at) as hour, count(*) as pulls
from pulls
group by isodow(happened_at), hour(happened_at)
order by pulls desc, weekday, hour;
