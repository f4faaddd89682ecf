-- Messages by their places, in the order of the places; one that is gone is left out.
create function messages_at(owner uuid, conversations text[], seqs bigint[]) returns json
language plpgsql security definer set search_path from current as $$
begin
  perform set_config('chatkeep.owner', owner::text, true);
  return (
    select coalesce(json_agg(to_json(m) order by g.place), '[]')
    from unnest(conversations, seqs) with ordinality g (conversation, seq, place)
    join conversations c on c.owner_id = owner and c.id = g.conversation
      and c.deleted_at is null and g.seq > c.cleared_seq
    join messages m on m.owner_id = owner and m.conversation_id = g.conversation and m.seq = g.seq
  );
end
$$;
