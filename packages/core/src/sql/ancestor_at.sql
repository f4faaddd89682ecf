-- Returns the number of the message at position `depth` of the branch that ends with `leaf`; 0 before the first.
-- Deleted messages count. The caller has set the owner.
create function ancestor_at(owner uuid, conversation text, leaf bigint, depth bigint) returns bigint
language plpgsql stable security definer set search_path from current set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_variable
declare
  cleared bigint := (select c.cleared_seq from conversations c where c.owner_id = owner and c.id = conversation);
  s segments;
  jump_depth bigint;
  far_depth bigint;
  found_seq bigint;
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
    select (
      select k.depth from segments k
      where k.owner_id = owner and k.conversation_id = conversation and k.first_seq = s.jump_first
    ), (
      select k.depth from segments k
      where k.owner_id = owner and k.conversation_id = conversation and k.first_seq = s.path_firsts[64]
    ) into jump_depth, far_depth;
    if jump_depth > depth or far_depth > depth then
      leaf := case when jump_depth > depth then s.jump_last else s.path_parents[63] end;
      continue;
    end if;
    -- Among the 64 segments that lead here.
    select b.first_seq + depth - b.depth into found_seq from (
      select p.first_seq, p.place, s.depth - sum(p.last_seq - p.first_seq + 1) over (order by p.place) as depth
      from (
        select greatest(k.first_seq, cleared + 1) as first_seq, k.last_seq, k.place
        from unnest(s.path_firsts, s.parent_seq || s.path_parents) with ordinality k (first_seq, last_seq, place)
        where k.first_seq is not null
      ) p
    ) b
    where b.depth <= depth order by b.place limit 1;
    return found_seq;
  end loop;
end
$$;
