-- Returns where the 64 segments from a new one on jump to: the 64th before it, which is given as `near_first` with its
-- last number on this branch, or where the jump of that one's jump leads if both are equally far, as in a skew-binary
-- list. The caller has set the owner.
create function segment_jump(owner uuid, conversation text, near_first bigint, near_last bigint)
returns table (first_seq bigint, last_seq bigint)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  near segments;
  far segments;
  farther_rank integer;
begin
  select * into near from segments k
  where k.owner_id = owner and k.conversation_id = conversation and k.first_seq = near_first;
  select * into far from segments k
  where k.owner_id = owner and k.conversation_id = conversation and k.first_seq = near.jump_first;
  select k.rank into farther_rank from segments k
  where k.owner_id = owner and k.conversation_id = conversation and k.first_seq = far.jump_first;
  if near.rank - far.rank = far.rank - coalesce(farther_rank, 0) then
    first_seq := far.jump_first;
    last_seq := far.jump_last;
  else
    first_seq := near_first;
    last_seq := near_last;
  end if;
  return next;
end
$$;
