-- Returns the earliest messages between two numbers, oldest first, up to 4 MiB of parts plus one message. `leaf` as
-- in latest_messages. One plan for all calls, as in page_messages. The caller has set the owner.
create function earliest_messages(
  owner uuid,
  conversation text,
  leaf bigint,
  cleared bigint,
  above_seq bigint,
  below_seq bigint,
  page_limit integer
) returns json
language plpgsql security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
declare
  upper_seq bigint;
  found_count integer;
begin
  if leaf is null then
    select max(page.seq), count(*) into upper_seq, found_count from (
      select m.seq, sum(octet_length(m.parts::text)) over (order by m.seq) - octet_length(m.parts::text) as bytes_before
      from messages m
      where m.owner_id = owner and m.conversation_id = conversation and m.seq > above_seq and m.seq < below_seq
      order by m.seq limit page_limit
    ) page
    where page.bytes_before < 4194304;
  else
    select max(page.seq), count(*) into upper_seq, found_count from (
      select m.seq
      from (select b.first_seq, b.last_seq from branch_of(owner, conversation, leaf, above_seq) b order by b.first_seq) p
      cross join lateral (
        select k.seq from messages k
        where k.owner_id = owner and k.conversation_id = conversation and k.seq >= p.first_seq
          and k.seq <= p.last_seq and k.seq > above_seq and k.seq < below_seq
        order by k.seq
      ) m
      limit page_limit
    ) page;
  end if;
  if found_count = 0 then
    return '[]';
  end if;
  return latest_messages(owner, conversation, leaf, cleared, upper_seq + 1, found_count);
end
$$;
