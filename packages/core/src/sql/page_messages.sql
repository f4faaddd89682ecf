-- A window of a conversation by number, oldest first inside: the latest below `before_seq` (or below the
-- newest `page_offset`), or the earliest above `after_seq`. Costs the same at any length (law 13).
create function page_messages(
  owner uuid,
  conversation text,
  before_seq bigint,
  after_seq bigint,
  page_offset bigint,
  page_limit integer
) returns table (total bigint, first_seq bigint, running_turn uuid, messages json)
language plpgsql security definer set search_path from current as $$
declare
  cleared bigint;
  upper_seq bigint;
  lower_seq bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select c.last_seq - c.cleared_seq, c.cleared_seq + 1, c.running_turn, c.cleared_seq, c.last_seq + 1 - page_offset
  into total, first_seq, page_messages.running_turn, cleared, upper_seq
  from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null;
  if not found then
    perform refuse_conversation(owner, conversation);
  end if;

  -- As variables: within a query that row-level security guards, "coalesce" is no condition of an index.
  upper_seq := coalesce(before_seq, upper_seq);
  lower_seq := greatest(after_seq, cleared);
  if after_seq is null then
    select coalesce(json_agg(to_json(page) order by page.seq), '[]') into page_messages.messages from (
      select m.* from messages m
      where m.owner_id = owner and m.conversation_id = conversation
        and m.seq > cleared and m.seq < upper_seq
      order by m.seq desc limit page_limit
    ) page;
  else
    select coalesce(json_agg(to_json(page) order by page.seq), '[]') into page_messages.messages from (
      select m.* from messages m
      where m.owner_id = owner and m.conversation_id = conversation and m.seq > lower_seq
      order by m.seq limit page_limit
    ) page;
  end if;
  return next;
end
$$;
