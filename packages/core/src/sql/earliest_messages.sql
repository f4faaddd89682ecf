-- Returns the earliest messages between two numbers of the branch that ends with `leaf`, oldest first, up to 4 MiB of
-- parts plus one message, as latest_messages does. One plan for all calls, as in page_messages. The caller has set the
-- owner.
create function earliest_messages(
  owner uuid,
  conversation text,
  leaf bigint,
  above_seq bigint,
  below_seq bigint,
  page_limit integer
) returns table (parent_id text, messages json, forks json)
language plpgsql stable security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_variable
declare
  upper_seq bigint := above_seq + page_limit + 1;
  last_seq bigint;
  found_count integer;
begin
  loop
    upper_seq := least(upper_seq, below_seq);
    select max(page.seq), count(*) into last_seq, found_count from (
      select m.seq, sum(octet_length(m.parts::text)) over (order by m.seq) - octet_length(m.parts::text) as bytes_before
      from (
        select m.* from (
          select b.* from branch_of(owner, conversation, leaf, above_seq, upper_seq, upper_seq) b order by b.first_seq
        ) b
        cross join lateral (
          select k.seq, k.parts from messages k
          where k.owner_id = owner and k.conversation_id = conversation and k.seq >= b.first_seq and k.seq <= b.last_seq
            and k.seq > above_seq
          order by k.seq
        ) m
        limit page_limit
      ) m
    ) page
    where page.bytes_before < 4194304;
    exit when found_count = page_limit or upper_seq = below_seq;
    -- Numbers of other branches were among them.
    upper_seq := above_seq + 8 * (upper_seq - above_seq);
  end loop;
  -- They are few enough by now.
  return query select p.* from latest_messages(
    owner, conversation, leaf, coalesce(last_seq + 1, 0), 0, found_count, 9223372036854775807
  ) p;
end
$$;
