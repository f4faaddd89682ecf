-- Marks messages as of the present version of parts, with other parts where `bodies` has some. A message that was claimed
-- or deleted meanwhile is left; so is a running answer, which its turn writes.
create function renew_parts(owner uuid, conversation text, seqs bigint[], bodies json[]) returns void
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  update messages m set parts_version = 2, parts = coalesce(g.body, m.parts)
  from unnest(seqs, bodies) g (seq, body)
  where m.owner_id = owner and m.conversation_id = conversation and m.seq = g.seq and m.parts_version < 2
    and m.status <> 'streaming';
end
$$;
