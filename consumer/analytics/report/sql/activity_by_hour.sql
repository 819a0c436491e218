-- When images are pulled, the busiest first: each hour (UTC) of each day of the week; 1 is Monday.
select isodow(happened_at) as weekday, hour(happened_at) as hour, count(*) as pulls
from pulls
group by weekday, hour
order by pulls desc, weekday, hour;
