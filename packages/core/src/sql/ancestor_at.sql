-- Returns the number of the message at position `depth` of the branch that ends with `leaf`; 0 before the first.
-- Deleted messages count. The caller has set the owner.
create function ancestor_at(owner uuid, conversation text, leaf bigint, depth bigint) returns bigint
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  cleared bigint := (select c.cleared_seq from conversations c where c.owner_id = owner and c.id = conversation);
  s segments;
begin
  if depth <= 0 then
    return 0;
  end if;
  loop
    select * into s from segments k
    where k.owner_id = owner and k.conversation_id = conversation and k.first_seq <= leaf
    order by k.first_seq desc limit 1;
    if not found then
      return least(leaf, cleared + depth);
    elsif s.depth <= depth then
      return least(leaf, s.first_seq + depth - s.depth);
    end if;
    leaf := s.parent_seq;
  end loop;
end
$$;
