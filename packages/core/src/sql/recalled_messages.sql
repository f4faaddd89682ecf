-- Messages of a conversation by their numbers, in order, as far as the head's branch holds them; none when it is not the owner's.
create function recalled_messages(owner uuid, conversation text, seqs bigint[]) returns json
language plpgsql security definer set search_path from current as $$
declare
  c conversations;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k where k.owner_id = owner and k.id = conversation and k.deleted_at is null;
  -- Within the query its cost is not known, and the whole conversation is read.
  if c.fork_count > 0 then
    seqs := on_head(owner, conversation, seqs);
  end if;
  return (
    select coalesce(json_agg(placed_message(owner, conversation, m.seq) order by m.seq), '[]') from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.seq = any (seqs) and m.seq > c.cleared_seq
  );
end
$$;
