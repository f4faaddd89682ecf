-- Returns the last number of the segment that holds `seq`. The caller has set the owner.
create function segment_end(owner uuid, conversation text, seq bigint, last_seq bigint) returns bigint
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
begin
  return coalesce((
    select k.first_seq - 1 from segments k
    where k.owner_id = owner and k.conversation_id = conversation and k.first_seq > seq
    order by k.first_seq limit 1
  ), last_seq);
end
$$;
