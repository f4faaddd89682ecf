-- Messages of a conversation by their numbers, in order; none when it is not the owner's.
create function recalled_messages(owner uuid, conversation text, seqs bigint[]) returns json
language plpgsql security definer set search_path from current as $$
declare
  cleared bigint;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  select c.cleared_seq into cleared from conversations c
  where c.owner_id = owner and c.id = conversation and c.deleted_at is null;
  return (
    select coalesce(json_agg(m order by m.seq), '[]') from messages m
    where m.owner_id = owner and m.conversation_id = conversation and m.seq = any (seqs) and m.seq > cleared
  );
end
$$;
