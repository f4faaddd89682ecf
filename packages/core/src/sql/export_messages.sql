-- The messages of a conversation, deleted or not, above a number.
create function export_messages(owner uuid, conversation text, after_seq bigint, page_limit integer) returns json
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return (
    select coalesce(json_agg(to_json(page) order by page.seq), '[]') from (
      select m.* from messages m, conversations c
      where c.owner_id = owner and c.id = conversation
        and m.owner_id = owner and m.conversation_id = conversation
        and m.seq > greatest(after_seq, c.cleared_seq)
      order by m.seq limit page_limit
    ) page
  );
end
$$;
