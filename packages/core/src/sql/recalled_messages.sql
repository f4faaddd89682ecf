-- Returns messages of a conversation by their numbers, in order, limited to the branch that ends with `leaf` (null: the
-- head); none when it is not the owner's.
create function recalled_messages(owner uuid, conversation text, leaf bigint, seqs bigint[]) returns json
language plpgsql stable security definer set search_path from current as $$
declare
  c conversations;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select * into c from conversations k where k.owner_id = owner and k.id = conversation and k.deleted_at is null;
  -- A variable: inside the query the planner does not know its cost and reads the whole conversation.
  if c.fork_count > 0 then
    seqs := on_branch(owner, conversation, leaf, seqs);
  end if;
  return (
    select coalesce(json_agg(placed_message(owner, conversation, m.seq) order by m.seq), '[]') from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.seq = any (seqs) and m.seq > c.cleared_seq
  );
end
$$;
