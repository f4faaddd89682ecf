-- The messages of a conversation, deleted or not, of all branches, above a number: at most `page_limit`, and no more than
-- make 1 MiB of parts and one message, so that a page of any messages fits in memory.
create function export_messages(owner uuid, conversation text, after_seq bigint, page_limit integer) returns json
language plpgsql security definer set search_path from current as $$
declare
  -- A variable: as a column of a join it would not bound the index, and every page would read from the first.
  above bigint;
  forks integer;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select greatest(after_seq, c.cleared_seq), c.fork_count into above, forks from conversations c
  where c.owner_id = owner and c.id = conversation;
  return (
    select coalesce(json_agg(
      case when forks = 0 then to_json(m) else placed_message(owner, conversation, m.seq) end order by m.seq
    ), '[]') from (
      select sized.seq from (
        select page.seq, sum(page.bytes) over (order by page.seq) - page.bytes as bytes_before from (
          select k.seq, octet_length(k.parts::text) as bytes from messages k
          where k.owner_id = owner and k.conversation_id = conversation and k.seq > above
          order by k.seq limit page_limit
        ) page
      ) sized
      where sized.bytes_before < 1048576
    ) fitting
    cross join lateral (
      select k.* from messages k
      where k.owner_id = owner and k.conversation_id = conversation and k.seq = fitting.seq
    ) m
  );
end
$$;
