-- Sets a conversation's head to the message with the number `head` (0: the beginning) after `more_deleted` messages
-- were deleted, and counts its branch. The caller has locked the conversation's row.
create function count_branch(owner uuid, conversation text, head bigint, more_deleted bigint) returns void
language plpgsql security definer set search_path from current as $$
begin
  -- First, because the length of a branch depends on it; one update of both would violate a check.
  update conversations c set
    deleted_count = c.deleted_count + more_deleted, elsewhere_count = 0, head_seq = nullif(head, c.last_seq),
    updated_at = clock_timestamp()
  where c.owner_id = owner and c.id = conversation;
  update conversations c set
    elsewhere_count = c.last_seq - c.cleared_seq - c.deleted_count - branch_length(owner, conversation, head)
  where c.owner_id = owner and c.id = conversation and c.fork_count > 0;
end
$$;
