-- The key that signed receipts of unsaved answers signs the tokens that hold them. A node of an older release that starts
-- from now on signs with a key of its own.
update secrets set name = 'token' where name = 'receipt';
