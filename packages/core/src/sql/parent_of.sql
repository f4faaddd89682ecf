-- The message that another one follows, deleted ones passed over; no row for the first. The caller has set the owner.
create function parent_of(owner uuid, conversation text, seq bigint) returns table (parent_seq bigint, parent_id text)
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
declare
  cleared bigint := (select c.cleared_seq from conversations c where c.owner_id = owner and c.id = conversation);
  below_seq bigint := seq;
  first_seq bigint;
  s segments;
begin
  loop
    select * into s from segments k
    where k.owner_id = owner and k.conversation_id = conversation and k.first_seq <= seq
    order by k.first_seq desc limit 1;
    -- A variable: "coalesce" is no condition of an index within a query that row-level security guards.
    first_seq := coalesce(s.first_seq, cleared + 1);
    select m.seq, m.id into parent_seq, parent_id from messages m
    where m.owner_id = owner and m.conversation_id = conversation
      and m.seq >= first_seq and m.seq < below_seq
    order by m.seq desc limit 1;
    if found then
      return next;
      return;
    end if;
    exit when coalesce(s.parent_seq, 0) = 0;
    seq := s.parent_seq;
    below_seq := s.parent_seq + 1;
  end loop;
end
$$;
